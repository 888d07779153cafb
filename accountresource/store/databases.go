package store

import (
	"context"
	"slices"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/accountresource/run"
)

const (
	databaseTable = "account_resource_database"
	unshownTable  = "account_resource_unshown"
	saidTable     = "account_resource_said"
)

// readDatabases adds to a watermark those of the databases that answered before, and what each has never shown (rule R24).
func (s *Watermarks) readDatabases(ctx context.Context, resource int64, mark *run.Watermark) (err error) {
	known, err := query(ctx, s.db, s.sql.Select("server", "invocation", "usn", "revision", "full_run", "unsettled", "tombstones", "listed").
		From(databaseTable).Where(squirrel.Eq{"resource_id": resource}).OrderBy("position"), func(scan func(...any) error) (run.Watermark, error) {
		var server string
		m, err := scanMark(func(into ...any) error { return scan(append([]any{&server}, into...)...) })
		m.Server = server
		return m, err
	})
	if err != nil {
		return wrapped(err, "read which databases resource %d has been replicated from", resource)
	}
	for i := range known {
		if known[i].Invocation == mark.Invocation {
			mark.Server = known[i].Server
		} else {
			mark.Others = append(mark.Others, known[i])
		}
	}
	type row struct {
		invocation string
		run.Unshown
	}
	unshown, err := query(ctx, s.db, s.sql.Select("invocation", "source_id", "since", "listings").From(unshownTable).
		Where(squirrel.Eq{"resource_id": resource}).OrderBy("source_id"), func(scan func(...any) error) (u row, err error) {
		var since int64
		err = scan(&u.invocation, &u.Source, &since, &u.Listings)
		u.Since = fromMillis(since)
		return u, err
	})
	of := map[string]*run.Watermark{mark.Invocation: mark}
	for i := range mark.Others {
		of[mark.Others[i].Invocation] = &mark.Others[i]
	}
	for _, u := range unshown {
		if m := of[u.invocation]; m != nil {
			m.Unshown = append(m.Unshown, u.Unshown)
		}
	}
	if err != nil {
		return wrapped(err, "read what the databases of resource %d have not shown", resource)
	}
	mark.Said, err = query(ctx, s.db, s.sql.Select("source_id", "action", "invocation", "former", "at").From(saidTable).
		Where(squirrel.Eq{"resource_id": resource}).OrderBy("at DESC", "source_id", "action"), func(scan func(...any) error) (d run.Said, err error) {
		var at int64
		err = scan(&d.Source, &d.Action, &d.Invocation, &d.Former, &at)
		d.Time = fromMillis(at)
		return d, err
	})
	return wrapped(err, "read what the databases of resource %d said", resource)
}

func scanMark(scan func(...any) error) (m run.Watermark, err error) {
	var full, listed int64
	err = scan(&m.Invocation, &m.USN, &m.Revision, &full, &m.Open, &m.Tombstones, &listed)
	m.Full, m.Listed = fromMillis(full), fromMillis(listed)
	return m, err
}

// writeDatabases replaces the watermarks of the databases, the last one first, what each has never shown, and what they said.
func (s *Watermarks) writeDatabases(ctx context.Context, tx *dialect.Tx, resource int64, last *run.Watermark) error {
	columns := []string{"resource_id", "server", "invocation", "position", "usn", "revision", "full_run", "unsettled", "tombstones", "listed"}
	var databases [][]any
	var unshown [][]any
	for i, m := range append([]run.Watermark{*last}, last.Others...) {
		databases = append(databases, []any{
			resource, shortened(m.Server, 255), m.Invocation, i, m.USN, m.Revision, millis(m.Full), flag(m.Open), flag(m.Tombstones), millis(m.Listed),
		})
		unshown = append(unshown, unshownRows(resource, &m)...)
	}
	for _, table := range []string{databaseTable, unshownTable, saidTable} {
		if _, err := exec(ctx, tx, s.sql.Delete(table).Where(squirrel.Eq{"resource_id": resource})); err != nil {
			return err
		}
	}
	if err := s.insertRows(ctx, tx, databaseTable, columns, databases); err != nil {
		return err
	}
	var said [][]any
	for _, d := range last.Said {
		said = append(said, []any{resource, string(d.Source), string(d.Action), d.Invocation, d.Former, millis(d.Time)})
	}
	if err := s.insertRows(ctx, tx, unshownTable, []string{"resource_id", "invocation", "source_id", "since", "listings"}, unshown); err != nil {
		return err
	}
	return s.insertRows(ctx, tx, saidTable, []string{"resource_id", "source_id", "action", "invocation", "former", "at"}, said)
}

// insertRows inserts rows, as many at a time as a statement may have.
func (s *Watermarks) insertRows(ctx context.Context, tx *dialect.Tx, table string, columns []string, values [][]any) error {
	for chunk := range slices.Chunk(values, s.dialect.Together) {
		if _, err := exec(ctx, tx, dialect.Rows{Dialect: s.dialect, Table: table, Columns: columns, Values: chunk}); err != nil {
			return err
		}
	}
	return nil
}

func unshownRows(resource int64, m *run.Watermark) (rows [][]any) {
	for _, u := range m.Unshown {
		rows = append(rows, []any{resource, m.Invocation, string(u.Source), millis(u.Since), u.Listings})
	}
	return rows
}
