package store

import (
	"context"
	"fmt"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/run"
)

// searched is how far a search has come: the keys of the rows that match, how many rows were looked at, and the key of
// the last one. whole says that there are no others.
type searched struct {
	ids   []int64
	rows  int
	at    int64
	whole bool
}

// search finds a page of rows by looking at them in order, a piece in a statement. It stops when the page is full and as
// many match as are counted, or when it has looked at as many rows as it may.
func (s *Runs) search(ctx context.Context, id int64, f run.LogFilter) (run.Page, error) {
	end, err := s.turns.take(ctx, false)
	if err != nil {
		return run.Page{}, fmt.Errorf("search the log of run %d: %w", id, err)
	}
	defer end()
	size, skip, page := max(f.Size, 1), 0, run.Page{Total: -1}
	wanted := size + 1 // one more tells whether there is more
	if f.After <= 0 && f.Before <= 0 {
		skip = before(f.Page, size)
		wanted = max(run.Counted+1, skip+size+1)
	}
	found, err := s.look(ctx, id, f, wanted, s.turns.most)
	if err != nil {
		return run.Page{}, fmt.Errorf("search the log of run %d: %w", id, err)
	}
	n := len(found.ids)
	page.Searched, page.More = found.rows, n > skip+size
	if f.After <= 0 && f.Before <= 0 {
		page.Total = min(n, run.Counted+1)
	}
	if !found.whole && !page.More {
		page.Next = found.at
	}
	page.Entries, err = s.entries(ctx, found.ids[min(skip, n):min(skip+size, n)])
	return page, err
}

// searchRows finds rows for a download. Others have their turn between two pieces.
func (s *Runs) searchRows(ctx context.Context, id int64, f run.LogFilter) ([]run.Entry, error) {
	size := max(f.Size, 1)
	var ids []int64
	for whole := false; len(ids) < size && !whole; {
		end, err := s.turns.take(ctx, true)
		if err != nil {
			return nil, fmt.Errorf("search the log of run %d: %w", id, err)
		}
		found, err := s.look(ctx, id, f, size-len(ids), 1)
		end()
		if err != nil {
			return nil, fmt.Errorf("search the log of run %d: %w", id, err)
		}
		ids, whole = append(ids, found.ids...), found.whole
		if f.After <= 0 && f.Before > 0 {
			f.Before = found.at
		} else {
			f.After = found.at
		}
	}
	return s.entries(ctx, ids)
}

// look goes through the rows behind f.After, or back from f.Before, until it has found as many as are wanted or has
// looked at the most that it may. It always looks at whole pieces, one at least.
func (s *Runs) look(ctx context.Context, id int64, f run.LogFilter, wanted, most int) (searched, error) {
	back := f.After <= 0 && f.Before > 0
	found := searched{at: max(f.After, 0)}
	if back {
		found.at = f.Before
	}
	for len(found.ids) < wanted && found.rows < most {
		p, err := s.piece(ctx, id, f, found.at, back)
		if err != nil {
			return found, err
		}
		if p.rows > 0 {
			some, err := s.within(ctx, id, f, p, back, wanted-len(found.ids))
			if err != nil {
				return found, err
			}
			found.ids, found.rows = append(found.ids, some...), found.rows+p.rows
			found.at = p.end(back)
		}
		switch {
		case len(found.ids) >= wanted: // there may be others in the rest of the piece
			found.at = found.ids[len(found.ids)-1]
		case p.rows < s.turns.piece:
			found.whole = true
			return found, nil
		}
	}
	return found, nil
}

// piece is as many of a run's rows as one statement looks at.
type piece struct {
	rows        int
	first, last int64 // keys
}

// end is the key at which the next piece begins, which is not in it.
func (p piece) end(back bool) int64 {
	if back {
		return p.first
	}
	return p.last
}

// piece finds the keys between which the next rows are. It meets them in an index alone.
func (s *Runs) piece(ctx context.Context, id int64, f run.LogFilter, at int64, back bool) (piece, error) {
	keys := squirrel.Select("id").From(logTable).Where(fmt.Sprintf(s.dialect.Leading, "run_id"), id).Where(ofAction(f)).
		Limit(uint64(s.turns.piece))
	if back {
		keys = keys.Where(squirrel.Lt{"id": at}).OrderBy("run_id DESC", "id DESC")
	} else {
		keys = keys.Where(squirrel.Gt{"id": at}).OrderBy("run_id", "id")
	}
	found, err := query(ctx, s.db, s.sql.Select("COUNT(*)", "COALESCE(MIN(id), 0)", "COALESCE(MAX(id), 0)").
		FromSelect(keys, "few"), func(scan func(...any) error) (p piece, err error) {
		return p, scan(&p.rows, &p.first, &p.last)
	})
	if err != nil || len(found) == 0 {
		return piece{}, err
	}
	return found[0], nil
}

// within finds the rows of a piece that match, in the order of the search.
func (s *Runs) within(ctx context.Context, id int64, f run.LogFilter, p piece, back bool, most int) ([]int64, error) {
	order := []string{"run_id", "id"}
	if back {
		order = []string{"run_id DESC", "id DESC"}
	}
	return query(ctx, s.db, s.sql.Select("id").From(logTable).Where(fmt.Sprintf(s.dialect.Leading, "run_id"), id).
		Where(squirrel.GtOrEq{"id": p.first}).Where(squirrel.LtOrEq{"id": p.last}).Where(matches(f)).
		OrderBy(order...).Limit(uint64(max(most, 1))), scanKey)
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

func scanKey(scan func(...any) error) (id int64, err error) { return id, scan(&id) }
