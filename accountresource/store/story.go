package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/run"
)

// namesakes is how many objects that had an address are told apart.
const namesakes = 20

// Story lists the rows of one account in all runs of a resource, newest first. The account is an object of the
// directory, or an address: then it is every object that ever had it, with the names that it had before and after.
// f.Before is the key of the oldest row that is known already.
func (s *Runs) Story(ctx context.Context, resource int64, name string, f run.LogFilter) ([]run.Entry, error) {
	if name == "" {
		return nil, nil
	}
	objects, err := query(ctx, s.db, s.sql.Select("DISTINCT source_id").From(logTable).
		Where(squirrel.Eq{"address": name}).Where(squirrel.NotEq{"source_id": ""}).Limit(namesakes), scanText)
	if err != nil {
		return nil, fmt.Errorf("look for the objects of %s: %w", name, err)
	}
	if !slices.Contains(objects, name) {
		objects = append(objects, name)
	}
	linked, err := query(ctx, s.db, s.sql.Select("source_id").From(linkTable).
		Where(squirrel.Eq{"address": name, "resource_id": resource}), scanText)
	if err != nil {
		return nil, fmt.Errorf("look for the link of %s: %w", name, err)
	}
	for _, object := range linked {
		if !slices.Contains(objects, object) {
			objects = append(objects, object)
		}
	}
	// Each is read by its own key, newest first, and no more than is shown. Work in applications names an address alone.
	found, err := s.told(ctx, resource, squirrel.Eq{"l.address": name, "l.source_id": ""}, f)
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		rows, err := s.told(ctx, resource, squirrel.Eq{"l.source_id": object}, f)
		if err != nil {
			return nil, err
		}
		found = append(found, rows...)
	}
	slices.SortFunc(found, func(a, b run.Entry) int { return cmp.Compare(b.ID, a.ID) })
	return found[:min(len(found), max(f.Size, 1))], nil
}

func (s *Runs) told(ctx context.Context, resource int64, whose squirrel.Eq, f run.LogFilter) ([]run.Entry, error) {
	q := s.sql.Select(entryColumns()...).From(logTable + " l").Join(runTable + " r ON r.id = l.run_id").
		Where(whose).Where(squirrel.Eq{"r.resource_id": resource})
	if f.Before > 0 {
		q = q.Where(squirrel.Lt{"l.id": f.Before})
	}
	found, err := query(ctx, s.db, q.Where(matches(f)).OrderBy("l.id DESC").Limit(uint64(max(f.Size, 1))), scanEntry)
	if err != nil {
		return nil, fmt.Errorf("read the story of an account: %w", err)
	}
	return found, nil
}

func scanText(scan func(...any) error) (text string, err error) { return text, scan(&text) }
