"""The truth of the sandbox."""
def truth(found): return {}
