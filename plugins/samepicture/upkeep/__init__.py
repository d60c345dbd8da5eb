"""What keeps an installation right over the years: erasure, retention, rotation of keys, backup, rebuild."""
