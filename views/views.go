// Package views holds the pages' templates, the stylesheet and the script.
package views

import "embed"

// FS holds *.html and partials/*.html for the pages, and assets/ for the browser.
//
//go:embed *.html partials/*.html assets/*
var FS embed.FS
