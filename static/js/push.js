"use strict";
// Notices on this device, for a form as in notices/_push.html. The browser is asked for leave only after a tap.
(function () {
  const form = document.querySelector("form[data-push]");
  if (!form) return;
  const { push: address, pushKey: key, pushWorker: worker } = form.dataset;
  const state = form.querySelector("[role=status]");
  const [start, stop] = ["start", "stop"].map((name) => form.querySelector(`button[value=${name}]`));
  const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

  // The words come with the form, in the reader's language.
  const say = (name, { on = false, can = true } = {}) => {
    state.textContent = form.dataset[name] || "";
    start.hidden = on || !can;
    stop.hidden = !on;
    form.hidden = false;
  };

  const current = async () => (await navigator.serviceWorker.getRegistration("/"))?.pushManager.getSubscription();

  // Which reader this device was given to: left by `tell`, for the worker too.
  const keeper = async () => (await (await (await caches.open("push")).match("/push"))?.json())?.address;

  const tell = async (subscription, wanted) => {
    const token = form.elements.csrfmiddlewaretoken.value;
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ wanted, subscription, instead: "" }),
    });
    if (!answer.ok) throw new Error(`${answer.status}`);
    const note = wanted ? { address, key, token } : null;
    await (await caches.open("push")).put("/push", new Response(JSON.stringify(note)));
  };

  // Base64url without padding, as the key is written.
  const text = (bytes) =>
    btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

  const subscribe = async () => {
    await navigator.serviceWorker.register(worker, { scope: "/" });
    const { pushManager } = await navigator.serviceWorker.ready;
    const old = await pushManager.getSubscription();
    if (old && text(old.options.applicationServerKey) === key) return old;
    if (old) await old.unsubscribe();
    return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  };

  const begin = async () => {
    const leave = await Notification.requestPermission();
    if (leave !== "granted") return say(leave === "denied" ? "denied" : "");
    await tell(await subscribe(), true);
    say("on", { on: true });
  };

  const end = async () => {
    const subscription = await current();
    if (subscription) {
      await tell(subscription, false);
      await subscription.unsubscribe();
    }
    say("off");
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter || start;
    button.disabled = true;
    try {
      await (button === stop ? end() : begin());
    } catch (trouble) {
      console.warn(trouble);
      say("failed", { on: button === stop });
    } finally {
      button.disabled = false;
      (stop.hidden ? start : stop).focus();
    }
  });

  const look = async () => {
    if (!able) return say("unable", { can: false });
    if (Notification.permission === "denied") return say("denied");
    const subscription = Notification.permission === "granted" ? await current() : null;
    // Another reader's page: looking at it must not take the device from the first.
    if (!subscription || (await keeper()) !== address) return say("");
    // Said again at each visit: a login changes the token, and the site may have forgotten this browser.
    await tell(subscription, true);
    say("on", { on: true });
  };
  look().catch((trouble) => {
    console.warn(trouble);
    say("failed");
  });
})();
