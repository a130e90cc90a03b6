"""What tests of publishing share, and the tests."""
