"use strict";
// Push notices on this device, for the form notices/_push.html. Permission is requested only after a tap.
(function () {
  const form = document.querySelector("form[data-push]");
  if (!form) return;
  const { push: url, pushKey: key, pushWorker: worker } = form.dataset;
  const state = form.querySelector("[role=status]");
  const [start, stop] = ["start", "stop"].map((name) => form.querySelector(`button[value=${name}]`));
  const isSupported = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

  // The texts are data attributes of the form, in the reader's language.
  const showState = (name, { on = false, available = true } = {}) => {
    state.textContent = form.dataset[name] || "";
    start.hidden = on || !available;
    stop.hidden = !on;
    form.hidden = false;
  };

  const currentSubscription = async () =>
    (await navigator.serviceWorker.getRegistration("/"))?.pushManager.getSubscription();

  // The push URL of the subscriber that this device belongs to; the service worker reads it too.
  const registeredUrl = async () => (await (await (await caches.open("push")).match("/push"))?.json())?.address;

  const postSubscription = async (subscription, enabled) => {
    const token = form.elements.csrfmiddlewaretoken.value;
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ enabled, subscription, replaces: "" }),
    });
    if (!response.ok) throw new Error(`${response.status}`);
    const stored = enabled ? { address: url, key, token } : null;
    await (await caches.open("push")).put("/push", new Response(JSON.stringify(stored)));
  };

  // Base64url without padding, the format of the key.
  const toBase64Url = (bytes) =>
    btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

  const subscribe = async () => {
    await navigator.serviceWorker.register(worker, { scope: "/" });
    const { pushManager } = await navigator.serviceWorker.ready;
    const old = await pushManager.getSubscription();
    if (old && toBase64Url(old.options.applicationServerKey) === key) return old;
    if (old) await old.unsubscribe();
    return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  };

  const enable = async () => {
    const permission = await Notification.requestPermission();
    if (permission !== "granted") return showState(permission === "denied" ? "denied" : "");
    await postSubscription(await subscribe(), true);
    showState("on", { on: true });
  };

  const disable = async () => {
    const subscription = await currentSubscription();
    if (subscription) {
      await postSubscription(subscription, false);
      await subscription.unsubscribe();
    }
    showState("off");
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter || start;
    button.disabled = true;
    try {
      await (button === stop ? disable() : enable());
    } catch (error) {
      console.warn(error);
      showState("failed", { on: button === stop });
    } finally {
      button.disabled = false;
      (stop.hidden ? start : stop).focus();
    }
  });

  const refreshState = async () => {
    if (!isSupported) return showState("unable", { available: false });
    if (Notification.permission === "denied") return showState("denied");
    const subscription = Notification.permission === "granted" ? await currentSubscription() : null;
    // On another subscriber's page the device must stay with the first one.
    if (!subscription || (await registeredUrl()) !== url) return showState("");
    // Sent again at each visit: a login changes the CSRF token, and the site may have deleted the subscription.
    await postSubscription(subscription, true);
    showState("on", { on: true });
  };
  refreshState().catch((error) => {
    console.warn(error);
    showState("failed");
  });
})();
