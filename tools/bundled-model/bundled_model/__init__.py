"""Trains the small Uni-MoE checkpoint that travels with the demo. See ../README.md."""
