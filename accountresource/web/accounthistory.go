package web

import (
	"context"
	"fmt"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// accountHistory renders what happened to one account in all runs, newest first, under whatever name it had.
func (w *Web) accountHistory(r *request, res resource.Resource, name string, filter filterView) error {
	if r.Query("format") == "csv" {
		return w.accountHistoryFile(r, res, name, filter)
	}
	ctx, cancel := w.whileOpen(r.UserContext())
	defer cancel()
	found, err := w.cfg.History.AccountHistory(ctx, res.ID, name, filter.of(entriesPage+1))
	if err != nil {
		return err
	}
	entries := found.Entries
	v := logView{Resource: res, Account: name, Actions: account.Actions(), Filter: filter}
	base := w.cfg.Prefix + pathOf(res.ID, "")
	here := filter.link(base+"/log", "account", name)
	v.CSV = here("format", "csv")
	if len(entries) > entriesPage {
		entries = entries[:entriesPage]
		v.Pages.After = here("before", strconv.FormatInt(entries[entriesPage-1].ID, 10))
	}
	if filter.before > 0 {
		v.Pages.First = here()
	}
	if found.Next > 0 {
		v.Pages.Searched = filter.searched + found.Searched
		v.Pages.On = here("before", strconv.FormatInt(found.Next, 10), "searched", strconv.Itoa(v.Pages.Searched))
	}
	for i := range entries {
		v.Rows = append(v.Rows, r.rowOfEntry(base, &entries[i]).inRun(base))
	}
	return r.render(fiber.StatusOK, "log", "story_title", v)
}

// accountHistoryFile sends the rows that match as a file.
func (w *Web) accountHistoryFile(r *request, res resource.Resource, name string, filter filterView) error {
	speaker, base := r.localizer, w.cfg.Prefix+pathOf(res.ID, "")
	return w.download(r, w.logFile(fmt.Sprintf("account-%d", res.ID),
		func(ctx context.Context, put func(row) error) error {
			f := filter.of(entriesSent)
			f.Wait = true
			for f.Before = 0; ; {
				found, err := w.cfg.History.AccountHistory(ctx, res.ID, name, f)
				if err != nil {
					return err
				}
				for i := range found.Entries {
					if err := put(speaker.rowOfEntry(base, &found.Entries[i])); err != nil {
						return err
					}
					f.Before = found.Entries[i].ID
				}
				if found.Next > 0 {
					f.Before = found.Next
				} else if len(found.Entries) < f.Size {
					return nil
				}
			}
		}))
}

// Names are the addresses under which the account appears, newest first.
func (v logView) Names() (names []string) {
	seen := make(map[string]bool)
	for i := range v.Rows {
		if a := v.Rows[i].Address; a != "" && !seen[a] {
			seen[a] = true
			names = append(names, a)
		}
	}
	return names
}
