package dialect

import (
	"fmt"
	"strconv"
	"strings"
)

// arrays is an array for each column in which rows differ, and a single value for each in which they do not. All of
// them are texts, which every driver sends as they are.
func (r Rows) arrays(quoted []string) (query string, args []any) {
	var from, names []string
	items := make([]string, len(quoted))
	for j, name := range quoted {
		place := r.Dialect.placeholder(j + 1)
		if r.same(j) {
			args, items[j] = append(args, textOf(r.Values[0][j])), place
			continue
		}
		text, kind := r.column(j)
		args, items[j] = append(args, text), name
		from, names = append(from, place+"::"+kind), append(names, name)
	}
	source := "generate_series(1, " + strconv.Itoa(len(r.Values)) + ")"
	if len(names) > 0 {
		source = "unnest(" + strings.Join(from, ", ") + ") AS many(" + strings.Join(names, ", ") + ")"
	}
	return "SELECT " + strings.Join(items, ", ") + " FROM " + source, args
}

// same reports whether all rows have the same value in a column.
func (r Rows) same(j int) bool {
	for _, row := range r.Values {
		if row[j] != r.Values[0][j] {
			return false
		}
	}
	return len(r.Values) > 0
}

// column is a column of all rows as an array, and its type.
func (r Rows) column(j int) (text, kind string) {
	var a array
	size := len("{}")
	kind = "bigint[]"
	for _, row := range r.Values {
		if text, ok := row[j].(string); ok {
			kind = "text[]"
			size += len(text)
		}
		size += 8 // quotes, comma, and what is escaped; a number
	}
	a.Grow(size)
	for _, row := range r.Values {
		a.add(textOf(row[j]))
	}
	return a.text(), kind
}

// textOf is a value as a text; nil stays what it is.
func textOf(value any) any {
	switch v := value.(type) {
	case nil, string:
		return v
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return fmt.Sprint(value)
}

// array is an array of texts the way PostgreSQL reads it.
type array struct{ strings.Builder }

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func (a *array) add(value any) {
	if a.Len() == 0 {
		a.WriteByte('{')
	} else {
		a.WriteByte(',')
	}
	text, ok := value.(string)
	if !ok {
		a.WriteString("NULL")
		return
	}
	a.WriteByte('"')
	_, _ = escape.WriteString(a, text) // a Builder never fails
	a.WriteByte('"')
}

// text ends the array and gives it.
func (a *array) text() string {
	if a.Len() == 0 {
		a.WriteByte('{')
	}
	a.WriteByte('}')
	return a.String()
}
