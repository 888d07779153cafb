package directory

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// ranged gives all values of an attribute of one entry to each, in portions, as large attributes come in several
// answers (range retrieval, MS-ADTS 3.1.1.3.1.3.3). Errors are the server's.
func (r *Reader) ranged(ctx context.Context, dn, attribute string, each func(values []string)) error {
	entry, err := r.entry(ctx, dn, attribute)
	if err != nil {
		return err
	}
	return r.rest(ctx, entry, attribute, each)
}

// rest gives the values that an entry has at hand, and asks for those that its answer left out.
func (r *Reader) rest(ctx context.Context, entry *ldap.Entry, attribute string, each func(values []string)) error {
	var size rangesSize
	for {
		values, next := portion(entry, attribute)
		if err := size.add(values); err != nil {
			return fmt.Errorf("read %s: %w", attribute, err)
		}
		each(values)
		if next == 0 {
			return nil
		}
		dn := entry.DN
		var err error
		if entry, err = r.entry(ctx, dn, attribute+";range="+strconv.Itoa(next)+"-*"); err != nil {
			return fmt.Errorf("read %s from value %d on: %w", attribute, next, err)
		}
		if _, after := portion(entry, attribute); after != 0 && after <= next {
			return fmt.Errorf("read %s from value %d on: %w", attribute, next, errSequence)
		}
	}
}

// portion finds the values of an attribute in an answer, and where the next portion begins, 0 where there is none.
// Windows answers a large attribute twice: empty, and with the range in its name.
func portion(entry *ldap.Entry, attribute string) (values []string, next int) {
	for _, a := range entry.Attributes {
		name, options, _ := strings.Cut(a.Name, ";")
		if !strings.EqualFold(name, attribute) || len(a.Values) == 0 {
			continue
		}
		return a.Values, nextOf(options)
	}
	return nil, 0
}

// nextOf reads the options of an attribute's name: "range=0-1499" goes on with value 1500, "range=1500-*" is the end.
func nextOf(options string) int {
	for option := range strings.SplitSeq(options, ";") {
		const key = "range="
		if len(option) < len(key) || !strings.EqualFold(option[:len(key)], key) {
			continue
		}
		_, last, _ := strings.Cut(option[len(key):], "-")
		if n, err := strconv.Atoi(last); err == nil && n >= 0 && n < math.MaxInt32 {
			return n + 1
		}
	}
	return 0
}
