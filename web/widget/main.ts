import { LiveCoach } from './element';

if (!customElements.get('live-coach')) customElements.define('live-coach', LiveCoach);
