/** The lazy part that shows a chat: its turns, its box, and all that can be done with them. */
import { renderChat } from "./chat";
import type { ChatPart } from "./kit";

const chat: ChatPart = { render: renderChat };

export default chat;
