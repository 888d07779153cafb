package store

import (
	"context"
	"fmt"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/run"
)

// searchStory looks through the rows of the subjects of a name, newest first. It has its turn piece by piece, and stops
// when the page is full or when it has looked at as many rows as it may.
func (s *Runs) searchStory(ctx context.Context, resource int64, name string, subjects []string, f run.LogFilter) (run.Page, error) {
	page := run.Page{Total: -1}
	for len(page.Entries) < max(f.Size, 1) && page.Searched < s.searches.most {
		found, rows, least, err := s.searchStoryPiece(ctx, resource, subjects, f)
		if err != nil {
			return run.Page{}, fmt.Errorf("search the history of %s: %w", name, err)
		}
		page.Entries, page.Searched = append(page.Entries, found...), page.Searched+rows
		if f.Before = least; least == 0 {
			page.Next = 0
			break
		}
		page.Next = least
	}
	if size := max(f.Size, 1); len(page.Entries) >= size { // the last one says where to go on
		page.Entries, page.Next, page.More = page.Entries[:size], 0, true
	}
	return page, nil
}

// searchStoryPiece looks at the next rows of each subject, as far back as they are known of all. least is the key of the
// last one, 0 where there are no others.
func (s *Runs) searchStoryPiece(
	ctx context.Context, resource int64, subjects []string, f run.LogFilter,
) (found []run.Entry, rows int, least int64, err error) {
	release, err := s.searches.acquire(ctx, f.Wait)
	if err != nil {
		return nil, 0, 0, err
	}
	defer release()
	each := max(s.searches.piece/len(subjects), 1)
	for _, subject := range subjects {
		p, err := s.historyPiece(ctx, resource, subject, f.Before, each)
		if err != nil {
			return nil, 0, 0, err
		}
		if rows += p.rows; p.rows == each {
			least = max(least, p.first)
		}
	}
	if rows > 0 {
		found, err = s.about(ctx, resource, subjects, f, least)
	}
	return found, rows, least, err
}

// historyPiece finds the keys of the next rows of one subject.
func (s *Runs) historyPiece(ctx context.Context, resource int64, subject string, at int64, most int) (piece, error) {
	keys := squirrel.Select("log_id").From(accountHistoryTable).Where(squirrel.Eq{"resource_id": resource, "subject": subject}).
		OrderBy("log_id DESC").Limit(uint64(most))
	if at > 0 {
		keys = keys.Where(squirrel.Lt{"log_id": at})
	}
	found, err := query(ctx, s.db, s.sql.Select("COUNT(*)", "COALESCE(MIN(log_id), 0)").FromSelect(keys, "few"),
		func(scan func(...any) error) (p piece, err error) {
			err = scan(&p.rows, &p.first)
			return p, err
		})
	if err != nil || len(found) == 0 {
		return piece{}, err
	}
	return found[0], nil
}
