def cents(amount: float) -> int:
    """The amount in cents."""
    return round(100 * amount)
