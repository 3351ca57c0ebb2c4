"""How good a separation is, measured against stems that are known."""
