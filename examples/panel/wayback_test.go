package main

import (
	"net/url"
	"strings"
	"testing"
)

func FuzzWayBack(f *testing.F) {
	for _, seed := range waysBack {
		f.Add(seed.back)
	}
	panel, err := url.Parse("http://panel.example/language")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		way := wayBack(text)
		// Browsers drop tabs and line ends and read a backslash as a slash (WHATWG URL): none of them may be left.
		if !strings.HasPrefix(way, "/") || strings.HasPrefix(way, "//") ||
			strings.ContainsFunc(way, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }) {
			t.Fatalf("%q leads to %q", text, way)
		}
		to, err := panel.Parse(way)
		if err != nil || to.Host != panel.Host || to.Scheme != panel.Scheme || strings.HasPrefix(to.Path, "//") {
			t.Fatalf("%q leads to %q, which is %v (%v)", text, way, to, err)
		}
		if again := wayBack(way); again != way {
			t.Fatalf("%q leads to %q and from there to %q", text, way, again)
		}
	})
}
