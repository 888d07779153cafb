package accountresource

import (
	"fmt"
	"regexp"
)

// ancestor is a source of frame-ancestors: 'self', a scheme, or a host with or without scheme and port (CSP Level 3, 2.3.1).
var ancestor = regexp.MustCompile(`^('self'|https?:|(https?://)?(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:([0-9]{1,5}|\*))?)$`)

// WithFrameAncestors names who may show the pages in a frame, as sources of a Content-Security-Policy: "'self'" for the
// panel itself, "https://portal.example" for another site. Default: nobody may.
func WithFrameAncestors(sources ...string) Option {
	return func(o *options) error {
		for _, source := range sources {
			if !ancestor.MatchString(source) {
				return fmt.Errorf("WithFrameAncestors needs 'self' or addresses such as https://portal.example, not %q", source)
			}
		}
		o.ancestors = sources
		return nil
	}
}
