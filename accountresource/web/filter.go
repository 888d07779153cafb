package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// filterView is a filter as it was typed.
type filterView struct {
	Action         account.Action
	Query          string
	From, To       string // dates
	after, before  int64
	page           int
	total          int // rows that match, as an earlier page counted them; -1: unknown
	searched       int // rows that earlier pages of a search looked at
	fromAt, toward time.Time
}

// Narrows reports whether anything is filtered.
func (f filterView) Narrows() bool {
	return f.Action != "" || f.Query != "" || f.From != "" || f.To != ""
}

// pagesView says where a page of rows is, and where its neighbours are.
type pagesView struct {
	Total int // -1: unknown
	// Many says that there are more than were counted.
	Many                       bool
	Page, Pages                int
	First, Before, After, Last string
	// On leads to where a search goes on that has looked at as many rows as it may, which are Searched; empty otherwise.
	On       string
	Searched int
}

// filterOf reads a filter. What is no date or number is none.
func filterOf(r *request) filterView {
	f := filterView{
		Action: actionNamed(r.Query("action")), Query: strings.Clone(strings.TrimSpace(r.Query("q"))),
		page:  min(max(r.QueryInt("page", 1), 1), maxPageNumber),
		total: min(max(r.QueryInt("total", -1), -1), run.Counted+1), searched: min(max(r.QueryInt("searched"), 0), maxPageNumber),
	}
	f.after, _ = strconv.ParseInt(r.Query("after"), 10, 64)
	f.before, _ = strconv.ParseInt(r.Query("before"), 10, 64)
	if day, err := time.ParseInLocation(time.DateOnly, r.Query("from"), time.Local); err == nil {
		f.From, f.fromAt = day.Format(time.DateOnly), day
	}
	if day, err := time.ParseInLocation(time.DateOnly, r.Query("to"), time.Local); err == nil {
		f.To, f.toward = day.Format(time.DateOnly), day.AddDate(0, 0, 1)
	}
	return f
}

func (f filterView) of(size int) LogFilter {
	return LogFilter{
		Action: f.Action, Query: f.Query, From: f.fromAt, Until: f.toward, After: f.after, Before: f.before, Page: f.page, Size: size,
	}
}

// counted reports whether the number of rows had to be found out.
func (f filterView) counted() bool { return f.Query != "" || f.From != "" || f.To != "" }

// link makes addresses that keep the filter: pairs of name and value come on top of it.
func (f filterView) link(path string, of ...string) func(pairs ...string) string {
	return func(pairs ...string) string {
		values := make(url.Values)
		for name, value := range map[string]string{"action": string(f.Action), "q": f.Query, "from": f.From, "to": f.To} {
			if value != "" {
				values.Set(name, value)
			}
		}
		all := append(append([]string{}, of...), pairs...)
		for i := 0; i+1 < len(all); i += 2 {
			values.Set(all[i], all[i+1])
		}
		return path + "?" + values.Encode()
	}
}

// lastPageOf returns how many pages the rows that match fill, 0 where that is not known.
func lastPageOf(found *run.Page) int {
	if found.Total < 0 || found.Next > 0 {
		return 0
	}
	return max((min(found.Total, run.Counted)+entriesPage-1)/entriesPage, 1)
}

// pages says where a page of rows is: here makes addresses that keep the filter.
func (f filterView) pages(found *run.Page, here func(pairs ...string) string) pagesView {
	total, at := found.Total, func(key int64) string { return strconv.FormatInt(key, 10) }
	if total < 0 {
		total = f.total
	}
	p := pagesView{Total: total, Many: total > run.Counted && f.counted(), Page: f.page}
	switch {
	case p.Many:
		p.Total = run.Counted
	case total >= 0 && found.Next == 0:
		p.Pages = max((total+entriesPage-1)/entriesPage, 1)
	}
	page := func(name string, key int64, n int) string {
		pairs := []string{name, at(key), "page", strconv.Itoa(n)}
		if f.counted() && total >= 0 {
			pairs = append(pairs, "total", strconv.Itoa(total))
		}
		return here(pairs...)
	}
	rows := found.Entries
	if p.Page > 1 {
		p.First = here()
		if len(rows) > 0 {
			p.Before = page("before", rows[0].ID, p.Page-1)
		}
	}
	if len(rows) == entriesPage && (p.Page < p.Pages || p.Many || found.More) {
		p.After = page("after", rows[len(rows)-1].ID, p.Page+1)
	}
	if p.Page < p.Pages {
		p.Last = here("page", strconv.Itoa(p.Pages))
	}
	if found.Next > 0 {
		p.Searched = f.searched + found.Searched
		name := "after"
		if f.after <= 0 && f.before > 0 {
			name = "before"
		}
		p.On = here(name, at(found.Next), "page", strconv.Itoa(p.Page+1), "searched", strconv.Itoa(p.Searched))
	}
	return p
}
