using System.Globalization;
using System.Text;
using RolloutLab.UnitTests.Data.Peers;

namespace RolloutLab.UnitTests.Data.Tokenizers;

public sealed class NormalizationTests
{
    private static readonly string[] Forms = ["NFC", "NFD", "NFKC", "NFKD"];

    [NodeFact]
    public void Normal_forms_are_as_javascript_makes_them()
    {
        // Every character with an accent and a dot below in the wrong order after it, in runs; then random texts.
        var texts = Enumerable.Range(0, 0x30000).Where(code => code is < 0xD800 or > 0xDFFF && IsOld(new Rune(code)))
            .Chunk(500).Select(codes => string.Concat(codes.Select(code => new Rune(code) + (code % 3 == 0 ? "\u0301\u0323" : "")))).ToList();
        var random = new RandomTexts(6, []);
        texts.AddRange(Enumerable.Range(0, 3_000).Select(_ => random.Next()).Where(text => text.EnumerateRunes().All(IsOld)));
        var answers = NodePeer.Run("normalize.mjs", new { texts });
        for (var form = 0; form < Forms.Length; form++)
        {
            using var small = SmallTokenizer.ByteLevel().Set("normalizer", $$"""{"type":"{{Forms[form]}}"}""");
            var tokenizer = small.Load();
            for (var i = 0; i < texts.Count; i++)
            {
                Assert.Equal(answers[i][form].GetString(), tokenizer.Decode(tokenizer.Encode(texts[i])));
            }
        }
    }

    [Fact]
    public void Hangul_and_the_order_of_marks_are_as_the_standard_says()
    {
        using var small = SmallTokenizer.ByteLevel().Set("normalizer", """{"type":"NFC"}""");
        var tokenizer = small.Load();
        foreach (var (text, expected) in new[]
        {
            ("\u1112\u1161\u11ab", "\ud55c"), ("e\u0301", "\u00e9"), ("a\u0323\u0302", "\u1ead"), ("a\u0302\u0323", "\u1ead"), ("\u0958", "\u0915\u093c"), ("\u212b", "\u00c5"), ("\ufb01", "\ufb01"),
        })
        {
            Assert.Equal(expected, tokenizer.Decode(tokenizer.Encode(text)));
        }
    }

    // Assigned, and not in a block that Unicode added to since version 14.
    private static bool IsOld(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse)
        && !(rune.Value is (>= 0x105C0 and <= 0x105FF) or (>= 0x11300 and <= 0x113FF) or (>= 0x16100 and <= 0x16D7F) or (>= 0x1CC00 and <= 0x1CEBF) or 0xA7F1
            or (>= 0x10D40 and <= 0x10D8F) or (>= 0x10EC2 and <= 0x10EFF) or (>= 0x1E4D0 and <= 0x1E5FF) or (>= 0x11F00 and <= 0x11F5F) or (>= 0x10EFD and <= 0x10EFF) or 0x897 or (>= 0x1ACF and <= 0x1AFF) or 0x1E08F or (>= 0x1E030 and <= 0x1E06D)
            or (>= 0x11B60 and <= 0x11B6F) or 0xECE or (>= 0xA7CB and <= 0xA7F2));
}
