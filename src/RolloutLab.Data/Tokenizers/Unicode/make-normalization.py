#!/usr/bin/env python3
"""Writes normalization.txt, the tables of Unicode's normalization forms, from Python's own copy of the character database.

Lines, hexadecimal: "U <version>"; "D <code> <code>..." canonical decomposition (one level); "K <code> <code>..." compatibility
decomposition (one level); "C <class> <first> [<last>]" combining classes other than 0; "X <code>" decompositions that do not
compose again. Hangul follows from arithmetic and is left out.
"""
import pathlib
import unicodedata

lines = [f"U {unicodedata.unidata_version}"]
classes = []
for code in range(0x110000):
    character = chr(code)
    decomposition = unicodedata.decomposition(character).split()
    if decomposition and decomposition[0].startswith("<"):
        lines.append(f"K {code:X} " + " ".join(f"{int(c, 16):X}" for c in decomposition[1:]))
    elif decomposition:
        lines.append(f"D {code:X} " + " ".join(f"{int(c, 16):X}" for c in decomposition))
        decomposed = unicodedata.normalize("NFD", character)
        if len(decomposition) == 1 or unicodedata.normalize("NFC", decomposed) != character:
            lines.append(f"X {code:X}")
    if (combining := unicodedata.combining(character)) != 0:
        if classes and classes[-1][0] == combining and classes[-1][2] == code - 1:
            classes[-1][2] = code
        else:
            classes.append([combining, code, code])
lines += [f"C {c:X} {first:X}" + (f" {last:X}" if last != first else "") for c, first, last in classes]
pathlib.Path(__file__).with_name("normalization.txt").write_text("\n".join(lines) + "\n")
