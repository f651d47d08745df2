"""The cards of the bundled models, one TOML file each, and what reads them: the card with its
tables, its class list, and what is said of the classes. Never imports torch.
"""
