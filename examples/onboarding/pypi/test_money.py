"""An amount has the currency's decimals."""

import unittest

from acme_payments_money import money


class Money(unittest.TestCase):
    def test_decimals(self) -> None:
        self.assertEqual(money(1999, "EUR"), "19.99 EUR")
        self.assertEqual(money(1999, "JPY"), "1,999 JPY")
