"""Jejak ("trail"): carries open data through the SOP and can prove every step afterwards."""
