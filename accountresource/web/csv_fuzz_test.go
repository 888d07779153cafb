package web

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func written(t *testing.T, cells []string) string {
	t.Helper()
	var b bytes.Buffer
	to := bufio.NewWriter(&b)
	require.NoError(t, writeCells(to, cells))
	require.NoError(t, to.Flush())
	return b.String()
}

func TestCellsAreNoFormulas(t *testing.T) {
	for cell, safe := range map[string]string{
		"":                          "",
		"Ann Lee":                   "Ann Lee",
		"a=b, c-d":                  "a=b, c-d",
		"=1+1":                      "'=1+1",
		"+49 30 1234":               "'+49 30 1234",
		"-1":                        "'-1",
		"@SUM(A1)":                  "'@SUM(A1)",
		"＝1":                        "'＝1",
		"  =1":                      "  '=1",
		"a;=1":                      "a;'=1",
		"a; \t=1":                   "a; \t'=1",
		"a\t+1":                     "a\t'+1",
		"a\r\n-1":                   "a\r\n'-1",
		"a\r@x":                     "a\r'@x",
		"a;\"=1\"":                  "a;\"'=1\"",
		"\u00a0\ufeff\u200b=1":      "\u00a0\ufeff\u200b'=1",
		"Title: a → b; =cmd|' /C'!": "Title: a → b; '=cmd|' /C'!",
	} {
		assert.Equal(t, safe, defused(cell), "%q", cell)
		assert.Equal(t, `"`+strings.ReplaceAll(safe, `"`, `""`)+"\"\r\n", written(t, []string{cell}))
	}
}

// begins is a cell that a program takes for a formula, wherever it may split a line.
var begins = regexp.MustCompile(`(^|[;\t\r\n])[\s"]*[=+\-@＝＋－＠]`)

func FuzzCSV(f *testing.F) {
	for _, seed := range [][2]string{
		{"a", "=1"}, {"", ""}, {"\"", ";=1"}, {"a\r\n=1", "a\rb"}, {"\t@x", " + "}, {"\xff=1", "\x00-1"}, {"a,=b", "\"\"=1"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		first, second = strings.ToValidUTF8(first, "?"), strings.ToValidUTF8(second, "?")
		line := written(t, []string{first, second})
		rows, err := csv.NewReader(strings.NewReader(line)).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 1)
		for i, cell := range []string{first, second} {
			safe := defused(cell)
			require.Equal(t, strings.ReplaceAll(safe, "\r\n", "\n"), rows[0][i]) // the reader makes them one
			require.False(t, begins.MatchString(safe), "%q of %q", safe, cell)
			require.Equal(t, len(cell), len(safe)-strings.Count(safe, "'")+strings.Count(cell, "'"), "only apostrophes are added")
		}
	})
}
