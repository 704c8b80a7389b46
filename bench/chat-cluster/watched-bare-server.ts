/** A helper process: the bare `ws` server, with an eye on its event loop. */
import './loop-watch.js';
import '../bare-chat-server.js';
