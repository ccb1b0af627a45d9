"""Tries the package with many versions and front ends, each in an environment of its own."""
