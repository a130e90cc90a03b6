"""Breaking things between Jejak and what it talks to."""
