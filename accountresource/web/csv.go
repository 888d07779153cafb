package web

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// byteOrderMark tells spreadsheets that the text is UTF-8.
const byteOrderMark = "\uFEFF"

// columns of a download, as texts; what a preview has no values for is left out of it.
var (
	changeColumns = []string{"log_action", "log_account", "csv_kind", "log_dn", "csv_changes", "csv_reason", "csv_source"}
	entryColumns  = append([]string{"log_time", "csv_run"}, append(changeColumns, "csv_detail")...)
)

// writeCells writes a line of a CSV file (RFC 4180) with every cell in quotes.
func writeCells(to *bufio.Writer, cells []string) error {
	for i, cell := range cells {
		if i > 0 {
			_ = to.WriteByte(',') // the writer keeps an error until the last write
		}
		_, _ = to.WriteString(`"` + strings.ReplaceAll(defused(cell), `"`, `""`) + `"`)
	}
	_, err := to.WriteString("\r\n")
	return err
}

// defused keeps spreadsheets from taking a cell for a formula: an apostrophe goes before a character that begins one.
// A program that splits lines elsewhere than RFC 4180 says, at semicolons, tabs or line breaks within the quotes, would
// begin a cell there, so these places count as well. What cannot be seen, and quotes, may stand in between.
func defused(cell string) string {
	var safe strings.Builder
	start := true
	for _, c := range cell {
		if start && strings.ContainsRune("=+-@＝＋－＠", c) {
			safe.WriteByte('\'')
		}
		safe.WriteRune(c)
		switch {
		case strings.ContainsRune(";\t\r\n\v\f\u0085\u2028\u2029", c):
			start = true
		case c == '"', unicode.IsSpace(c), unicode.IsControl(c), unicode.Is(unicode.Cf, c):
		default:
			start = false
		}
	}
	return safe.String()
}

// changeCells are those of changeColumns.
func changeCells(found row) []string {
	changes := make([]string, len(found.Diff))
	for i, d := range found.Diff {
		changes[i] = fmt.Sprintf("%s: %s → %s", d.What, d.Old, d.New)
	}
	return []string{
		found.T(fmt.Sprintf("action_%s", found.Action)), found.Address, found.KindText(), found.DN,
		strings.Join(changes, "; "), found.Reason, string(found.Source),
	}
}

// entryCells are those of entryColumns.
func entryCells(found row) []string {
	first := []string{found.Stamp(found.Time), strconv.FormatInt(found.Run, 10)}
	return append(first, append(changeCells(found), found.Detail)...)
}
