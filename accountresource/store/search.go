package store

import (
	"context"
	"fmt"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/run"
)

// searched is how far a search has come: the keys of the rows that match, how many rows were looked at, and the key of
// the last one. exhausted says that there are no others.
type searched struct {
	ids       []int64
	rows      int
	lastKey   int64
	exhausted bool
}

// search finds a page of rows by looking at them in order, a piece in a statement. It stops when the page is full and as
// many match as are counted, or when it has looked at as many rows as it may.
func (s *Runs) search(ctx context.Context, id int64, f run.LogFilter) (run.Page, error) {
	release, err := s.searches.acquire(ctx, false)
	if err != nil {
		return run.Page{}, fmt.Errorf("search the log of run %d: %w", id, err)
	}
	defer release()
	size, skip, page := max(f.Size, 1), 0, run.Page{Total: -1}
	wanted := size + 1 // one more tells whether there is more
	if f.After <= 0 && f.Before <= 0 {
		skip = before(f.Page, size)
		wanted = max(run.Counted+1, skip+size+1)
	}
	found, err := s.scan(ctx, id, f, wanted, s.searches.most)
	if err != nil {
		return run.Page{}, fmt.Errorf("search the log of run %d: %w", id, err)
	}
	n := len(found.ids)
	page.Searched, page.More = found.rows, n > skip+size
	if f.After <= 0 && f.Before <= 0 {
		page.Total = min(n, run.Counted+1)
	}
	if !found.exhausted && !page.More {
		page.Next = found.lastKey
	}
	page.Entries, err = s.entries(ctx, found.ids[min(skip, n):min(skip+size, n)])
	return page, err
}

// searchRows finds rows for a download. Others have their turn between two pieces.
func (s *Runs) searchRows(ctx context.Context, id int64, f run.LogFilter) ([]run.Entry, error) {
	size := max(f.Size, 1)
	var ids []int64
	for exhausted := false; len(ids) < size && !exhausted; {
		release, err := s.searches.acquire(ctx, true)
		if err != nil {
			return nil, fmt.Errorf("search the log of run %d: %w", id, err)
		}
		found, err := s.scan(ctx, id, f, size-len(ids), s.searches.piece)
		release()
		if err != nil {
			return nil, fmt.Errorf("search the log of run %d: %w", id, err)
		}
		ids, exhausted = append(ids, found.ids...), found.exhausted
		if f.After <= 0 && f.Before > 0 {
			f.Before = found.lastKey
		} else {
			f.After = found.lastKey
		}
	}
	return s.entries(ctx, ids)
}

// scan goes through the rows behind f.After, or back from f.Before, until it has found as many as are wanted or has
// looked at as many as it may.
func (s *Runs) scan(ctx context.Context, id int64, f run.LogFilter, wanted, most int) (searched, error) {
	descending := f.After <= 0 && f.Before > 0
	found := searched{lastKey: max(f.After, 0)}
	if descending {
		found.lastKey = f.Before
	}
	for len(found.ids) < wanted && found.rows < most {
		p, err := s.piece(ctx, id, f, found.lastKey, descending, min(s.searches.piece, most-found.rows))
		if err != nil {
			return found, err
		}
		if p.rows == 0 {
			found.exhausted = true
			return found, nil
		}
		some, err := s.matchesIn(ctx, id, f, p, descending, wanted-len(found.ids))
		if err != nil {
			return found, err
		}
		found.ids, found.rows, found.lastKey = append(found.ids, some...), found.rows+p.rows, p.end(descending)
	}
	if n := len(found.ids); n >= wanted { // there may be others in the rest of the last piece
		found.lastKey = found.ids[n-1]
	}
	return found, nil
}

// piece is the rows of a run that one statement looks at: those with a key from first to last. Keys rather than rows
// bound it, so that no plan of a database makes it long.
type piece struct {
	rows        int
	first, last int64
}

// end is the key behind which the next piece begins.
func (p piece) end(descending bool) int64 {
	if descending {
		return p.first
	}
	return p.last
}

// piece finds the next rows, so many at most, from the next key on that the run has. No rows: there are no others.
func (s *Runs) piece(ctx context.Context, id int64, f run.LogFilter, at int64, descending bool, most int) (p piece, err error) {
	next := inOrder(s.rowsOf(s.sql.Select("id"), id).Where(ofAction(f)), descending).Limit(1)
	if descending {
		next = next.Where(squirrel.Lt{"id": at})
	} else {
		next = next.Where(squirrel.Gt{"id": at})
	}
	key, err := number(ctx, s.db, next)
	if err != nil || key == 0 {
		return p, err
	}
	span := int64(most) - 1
	if p.first, p.last = key, key+span; descending {
		p.first, p.last = key-span, key
	}
	rows, err := number(ctx, s.db, p.of(s.rowsOf(s.sql.Select("COUNT(*)"), id)).Where(ofAction(f)))
	p.rows = int(rows)
	return p, err
}

// matchesIn finds the rows of a piece that match, in the order of the search.
func (s *Runs) matchesIn(ctx context.Context, id int64, f run.LogFilter, p piece, descending bool, most int) ([]int64, error) {
	q := p.of(s.rowsOf(s.sql.Select("id"), id)).Where(matches(f))
	return query(ctx, s.db, inOrder(q, descending).Limit(uint64(max(most, 1))), scanOne[int64])
}

func (p piece) of(q squirrel.SelectBuilder) squirrel.SelectBuilder {
	return q.Where(squirrel.GtOrEq{"id": p.first}).Where(squirrel.LtOrEq{"id": p.last})
}

func (s *Runs) rowsOf(q squirrel.SelectBuilder, id int64) squirrel.SelectBuilder {
	return q.From(logTable).Where(fmt.Sprintf(s.dialect.Leading, "run_id"), id)
}

// inOrder sorts the rows of a run by their keys.
func inOrder(q squirrel.SelectBuilder, descending bool) squirrel.SelectBuilder {
	if descending {
		return q.OrderBy("run_id DESC", "id DESC")
	}
	return q.OrderBy("run_id", "id")
}

// entries reads rows by their keys, in order.
func (s *Runs) entries(ctx context.Context, ids []int64) ([]run.Entry, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := query(ctx, s.db, s.sql.Select(entryColumns()...).From(logTable+" l").
		Where(squirrel.Eq{"l.id": ids}).OrderBy("l.id"), scanEntry)
	if err != nil {
		return nil, fmt.Errorf("read %d log rows: %w", len(ids), err)
	}
	return found, nil
}
