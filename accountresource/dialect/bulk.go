package dialect

import (
	"fmt"
	"strconv"
	"strings"
)

// Rows is an insert of many rows at once. PostgreSQL takes an array for each column, since it plans a statement anew
// with every parameter in it; the others take a list of values. It is a squirrel.Sqlizer.
type Rows struct {
	Dialect Dialect
	Table   string
	Columns []string // not yet quoted
	Values  [][]any  // texts, integers and nil; whatever else a column has can be written as a text where all rows share it
	Suffix  string   // behind the rows, such as Upsert gives it
}

// ToSql gives the statement with the dialect's own placeholders.
func (r Rows) ToSql() (query string, args []any, err error) { //nolint:revive // squirrel names it so
	for i, row := range r.Values {
		if len(row) != len(r.Columns) {
			return "", nil, fmt.Errorf("row %d of %s has %d values for %d columns", i, r.Table, len(row), len(r.Columns))
		}
	}
	quoted := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		quoted[i] = r.Dialect.Quoted(c)
	}
	values := ""
	if r.Dialect.Arrays {
		values, args = r.arrays(quoted)
	} else {
		values, args = r.list()
	}
	into := "INSERT INTO " + r.Table + " (" + strings.Join(quoted, ", ") + ") "
	return into + values + strings.TrimRight(" "+r.Suffix, " "), args, nil
}

// list is a parameter for each value.
func (r Rows) list() (query string, args []any) {
	var b strings.Builder
	b.WriteString("VALUES ")
	args = make([]any, 0, len(r.Values)*len(r.Columns))
	for i, row := range r.Values {
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
	return b.String(), args
}

func (d Dialect) placeholder(n int) string {
	if d.Numbered {
		return "$" + strconv.Itoa(n)
	}
	return "?"
}

// In is a condition: the column has one of many values. In PostgreSQL it is one array, elsewhere a list. It is a
// squirrel.Sqlizer; question marks stand for the values.
type In struct {
	Dialect Dialect
	Column  string
	Values  []string
	// NoIndex says that all rows are read anyway: PostgreSQL then looks each up among the values, rather than each value in an
	// index.
	NoIndex bool
}

// ToSql gives the condition; no value is none of them.
func (in In) ToSql() (query string, args []any, err error) { //nolint:revive // squirrel names it so
	if len(in.Values) == 0 {
		return "1 = 0", nil, nil
	}
	if in.Dialect.Arrays {
		var a array
		for _, v := range in.Values {
			a.add(v)
		}
		if in.NoIndex {
			// IS TRUE keeps it from being made a join, which compares all with all where the table has no statistics yet.
			return "(" + in.Column + " IN (SELECT unnest(CAST(? AS text[])))) IS TRUE", []any{a.text()}, nil
		}
		// Behind a SELECT the array is of unknown length, and the plan does not depend on it.
		return in.Column + " = ANY(ARRAY(SELECT unnest(CAST(? AS text[]))))", []any{a.text()}, nil
	}
	args = make([]any, len(in.Values))
	for i, v := range in.Values {
		args[i] = v
	}
	return in.Column + " IN (" + strings.TrimSuffix(strings.Repeat("?, ", len(args)), ", ") + ")", args, nil
}
