"""A page that tasks about documents have as example, small enough for source code."""

from base64 import b64decode

# A short invoice of 240 by 150 pixels, PNG.
PAGE = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAPAAAACWBAMAAAAS1hjmAAAAGFBMVEX////5+fnX19ekpKR4eHhcXFwrKysICAijyxmMAAAFkElEQVR42u2bzW8TRxjGn9ld"
    "00MIntgJHFJjt4nIoUm6JikVwgInaYzUSgFBEy45pPnwoUKiqfgrOPXsmHAukBRybAtYcKEI4gVKqShJ1jJIFdT2pI1CGts7Pcyu7ZwqNYuh0vykld+ZXfnZ"
    "D3v3eXfeASQSiUQikbw1dNCaBjn+hoTrgOoEza++7PrwUdfvE0ZsoPziq59i/cuNo43maxNWasKLz8q6sktrTfYAWsOVaPRSG+ohXGYZy0dWfDesh4AvncsE"
    "Cg/qIswBb0Y1KcMqQJl1X4vrr09Y29rMhsx3KPMCjP4ZLCber8sRA0BmL8v3KV1APuwPZklf3YRz3Sg9n7wHlD3HjPtTS/L+JpFIJG8BxAk+qZNgKSVPukQi"
    "kfzXbLFjyOgob1Ra1VC0OsqBz/f+CrSc9pgtpz2mGl/acMnQK//yNBmaUQFEZ9oQnWnDwHYT2KrczxTKNDp8Z+O9cR37pigZmVTOflER5twASKCQJYFCFi/d"
    "E152UsPZ6KyO1qu6VlzQ8V0ll1wLPwUIxyrhWEXavdypHBaflmVZFOlcyJfOhSxWEZ4/cAIAwOzFNWEr66TJHASMUxqbAK9u+cdMsxYPARRicS9bfFj7lZQw"
    "djFpOC3Qv3TrfimxQuDlBF5XhZd1rhDnQut+M68327uxEla6+ADZBfBsU4BnmwLuvgOh/NaU82NdHzLKu4fsIy56JpesW1M7AaSGl5AalnmzRCKRSOrjMk/u"
    "zzMA7Xmnp3k0+LjltMdsHg0+hnbmtrCYRwfCiyJqHg0+dmEPOqj/a/Hp9AzSGIabJjBIY8DH0wCGmyZwErCjQRpz53mcy2JffH/0JBmZBAAEWIYEClkEWAak"
    "E8Ji2pbT6XdFGBl0n+9OzWnFBR0AZhEkHKuYRRDaCoTFRFO8z45mEXRJeBX3QhTwpXMhcf07haFUOxG2vQgDvdTumE21cxvCtYMhXrQECUCP4AUAoPe6cH+9"
    "15XIXWjjPwIUlwsP7Eisd+OIgyQyB8Bxl2rE4AReqBFD1SY97yZWCLwkDAizCTViuCPsbyRQADjusncOPNsUQO8ciueSRVNYTD8JoNLvyqke4T9Yj8ZIYfyb"
    "3e1JAEq0gERq+IkSLSAhNkkNP8HNqd9EVNMvkUgkEsnrdZkOJNafXz11cJHE+vMMR3MbIKcOLiLWv2xHB0Zuu/Py5eL8iS171HAhqm0u6GrDhShUHYC2uaCr"
    "rVeiItK6XXvrk8sq0+igLfEoAChpi/rSeV1JWxT+FABfOq+r6RwTEZ93TRjCrdoVPpumwijjdNNUGA4zAJRx+t6OcUNEZeae8Kptme0Kn54UwAH0pNRG0cOB"
    "hoWoHcE9YS8AEKfCR42YAAHUiNl+A4iNAwRYyYXsaJvU2tvgXYC+cCp8eq+B0TWG3mvQvaQ4iz10jbG/ge+xh64xF4/Y38gVonO7wkc9ZCAf9hnqIQPfJlLz"
    "QD7sM/K6zxCRe8IjJ67zW1Mm7Aqfdi0+VvIMGe1afExsUPIMGaXdxwwRyVugRCKR1A1Z6yORSCTuoEzXIT8+8NnABzkGKEdMOLU+H7XtMAFAjS9tHB0IL0I7"
    "c7smTXbH0N9JFhMmAISrD5DDRTE1ZMAEdiaSQM+WNNm13AlkMHRn3aOvR++8AgBi4QYA4OW6vb5TpMmf/pLObTd52lLTpLUme54Wje7zIl/kKkTdRRpAU7xP"
    "jMVU02T3hMU0GDEWA4Bf3VGdoUEvtTtjMdU02S1hMQ0GLftte/C01F5Zd7nwQIkwxzys2CNELgkzCi8gxmIAqLpVmf5DwoCqTXpCYJQwxrb/V61tiGkwxOkk"
    "fdVqIu4ngeK5ZDFzvJomuydcej55j6/vfTRGeBRA+ZmnobLu5lQOAAitpsn/zzuXRCKRSCSSN88/K+sWG9CtAJwAAAAASUVORK5CYII="
)

# Its words and where they stand: left, top, right and bottom in thousandths of the page.
PAGE_WORDS = [
    ["Invoice", [66, 106, 251, 167]],
    ["Number", [66, 320, 267, 381]],
    ["US-001", [300, 320, 488, 381]],
    ["Date", [66, 466, 180, 527]],
    ["2024-05-02", [212, 466, 513, 527]],
    ["Due", [66, 613, 167, 674]],
    ["2024-06-01", [200, 613, 501, 674]],
    ["Total", [66, 826, 196, 887]],
    ["$", [229, 820, 263, 894]],
    ["154.06", [295, 826, 476, 887]],
]
