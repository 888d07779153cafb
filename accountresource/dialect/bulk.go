package dialect

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Rows is an insert of many rows at once. PostgreSQL takes them as one JSON text, since it plans a statement anew with
// every parameter in it; the others take a list of values. It is a squirrel.Sqlizer.
type Rows struct {
	Dialect Dialect
	Table   string
	Columns []string // not yet quoted
	Values  [][]any  // texts, numbers and nil
	Suffix  string   // behind the rows, such as Upsert gives it
}

// ToSql gives the statement with the dialect's own placeholders.
func (r Rows) ToSql() (query string, args []any, err error) { //nolint:revive // squirrel names it so
	quoted := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		quoted[i] = r.Dialect.Quoted(c)
	}
	columns := strings.Join(quoted, ", ")
	into := "INSERT INTO " + r.Table + " (" + columns + ") "
	suffix := strings.TrimRight(" "+r.Suffix, " ")
	if r.Dialect.JSONRows {
		text, err := r.json()
		return into + "SELECT " + columns + " FROM json_populate_recordset(NULL::" + r.Table + ", $1::json)" + suffix,
			[]any{text}, err
	}
	var b strings.Builder
	b.WriteString(into + "VALUES ")
	args = make([]any, 0, len(r.Values)*len(r.Columns))
	for i, row := range r.Values {
		if len(row) != len(r.Columns) {
			return "", nil, fmt.Errorf("row %d of %s has %d values for %d columns", i, r.Table, len(row), len(r.Columns))
		}
		for j := range row {
			switch {
			case j > 0:
				b.WriteString(", ")
			case i > 0:
				b.WriteString(", (")
			default:
				b.WriteString("(")
			}
			b.WriteString(r.Dialect.placeholder(len(args) + j + 1))
		}
		b.WriteString(")")
		args = append(args, row...)
	}
	return b.String() + suffix, args, nil
}

func (d Dialect) placeholder(n int) string {
	if d.Numbered {
		return "$" + strconv.Itoa(n)
	}
	return "?"
}

// json is the rows as an array of objects.
func (r Rows) json() (string, error) {
	names := make([][]byte, len(r.Columns))
	for i, c := range r.Columns {
		name, err := json.Marshal(c)
		if err != nil {
			return "", fmt.Errorf("write rows for %s: %w", r.Table, err)
		}
		names[i] = append(name, ':')
	}
	out := []byte{'['}
	for i, row := range r.Values {
		if len(row) != len(r.Columns) {
			return "", fmt.Errorf("row %d of %s has %d values for %d columns", i, r.Table, len(row), len(r.Columns))
		}
		for j, value := range row {
			text, err := json.Marshal(value)
			if err != nil {
				return "", fmt.Errorf("write rows for %s: %w", r.Table, err)
			}
			switch {
			case j > 0:
				out = append(out, ',')
			case i > 0:
				out = append(out, ',', '{')
			default:
				out = append(out, '{')
			}
			out = append(append(out, names[j]...), text...)
		}
		out = append(out, '}')
	}
	return string(append(out, ']')), nil
}

// In is a condition: the column has one of many values. In PostgreSQL it is one parameter, elsewhere a list. It is a
// squirrel.Sqlizer; question marks stand for the values.
type In struct {
	Dialect Dialect
	Column  string
	Values  []string
}

// ToSql gives the condition; no value is none of them.
func (in In) ToSql() (query string, args []any, err error) { //nolint:revive // squirrel names it so
	if len(in.Values) == 0 {
		return "1 = 0", nil, nil
	}
	if in.Dialect.JSONRows {
		text, err := json.Marshal(in.Values)
		return in.Column + " = ANY(ARRAY(SELECT json_array_elements_text(CAST(? AS json))))", []any{string(text)}, err
	}
	args = make([]any, len(in.Values))
	for i, v := range in.Values {
		args[i] = v
	}
	return in.Column + " IN (" + strings.TrimSuffix(strings.Repeat("?, ", len(args)), ", ") + ")", args, nil
}
