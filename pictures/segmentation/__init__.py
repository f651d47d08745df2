"""Which pixels are leaf and which are ill, by colour alone; and the masks that people drew."""
