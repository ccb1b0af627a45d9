"""What the package costs beside its peers, printed and written to RESULTS.md; nothing here gates a change."""
