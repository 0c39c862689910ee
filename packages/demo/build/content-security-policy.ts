import type { Plugin } from 'vite';

/**
 * The page's policy is that of `index.html`, word for word, in every build. The development server alone needs more: it
 * puts styles into the page as elements and talks to it over a socket.
 */
export function relaxPolicyInDevelopment(): Plugin {
  return {
    name: 'relax-policy-in-development',
    apply: 'serve',
    transformIndexHtml(html, { server }) {
      // Previews of a build come here without a server.
      if (!server) return html;
      return html
        .replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
        .replace("connect-src 'self'", "connect-src 'self' ws:");
    },
  };
}
