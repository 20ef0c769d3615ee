import '../../support/text.ts';
import '../../support/text-wrong.ts';
import '../../support/text-sizes.ts';
