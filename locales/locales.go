// Package locales holds the texts of pages, reasons and problems: one file a language, named by its tag.
package locales

import "embed"

// FS holds the files, such as en_US.json.
//
//go:embed *.json
var FS embed.FS
