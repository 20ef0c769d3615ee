import '../../support/text.ts';
import '../../support/text-invalid.ts';
import '../../support/text-sizes.ts';
