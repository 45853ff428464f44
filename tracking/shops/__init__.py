"""Shops: what pages may promise in their name, what is still missing, their pictures and colours."""

from tracking.shops.policy import PromisedRemedy, ShopContact, ShopPolicy, policy_of

__all__ = ["PromisedRemedy", "ShopContact", "ShopPolicy", "policy_of"]
