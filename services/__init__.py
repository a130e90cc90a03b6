"""The four lanes, and what each of them is made of."""
