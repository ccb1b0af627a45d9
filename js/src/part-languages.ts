/** The lazy part with the languages that are met more rarely. */
import further from "languages:further";

export default further;
