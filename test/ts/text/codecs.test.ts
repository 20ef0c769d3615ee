import '../../support/text.ts';
import '../../support/text-wrong.ts';
