"""Amounts as customers read them."""

_DECIMALS = {"JPY": 0}


def money(amount: int, currency: str) -> str:
    """An amount in the currency's smallest unit, as customers read it."""
    decimals = _DECIMALS.get(currency, 2)
    return f"{amount / 10**decimals:,.{decimals}f} {currency}"
