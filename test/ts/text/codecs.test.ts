import '../../support/text.ts';
