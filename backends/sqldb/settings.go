package sqldb

import (
	"strconv"
	"strings"
)

// settings are the key:value; list of a domain's settings column.
type settings map[string]string

// parseSettings reads the list; what is no pair is passed over. Where a key stands twice, the last counts.
func parseSettings(text string) settings {
	found := make(settings)
	for item := range strings.SplitSeq(text, ";") {
		key, value, ok := strings.Cut(item, ":")
		if key = strings.TrimSpace(key); ok && key != "" {
			found[key] = strings.TrimSpace(value)
		}
	}
	return found
}

// number is a number that is not negative, 0 where there is none.
func (s settings) number(key string) int64 {
	n, err := strconv.ParseInt(s[key], 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// list is a comma separated value, lower case.
func (s settings) list(key string) []string {
	var items []string
	for item := range strings.SplitSeq(s[key], ",") {
		if item = strings.ToLower(strings.TrimSpace(item)); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// capped is the default quota of a new mailbox in MB under the largest that one may have; 0 is unlimited in both.
func capped(quota, largest int64) int64 {
	if largest > 0 && (quota == 0 || quota > largest) {
		return largest
	}
	return quota
}
