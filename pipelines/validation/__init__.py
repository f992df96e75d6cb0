"""Human validation: label sheets out, accuracy and corrected shares in.

`sampling` draws, `sheet` and `page` write what raters fill in, `answers` reads it back, `agreement`, `correction` and
`score` compute. Pure functions on frames; files and settings are met in `commands` only.
"""
