namespace RolloutLab.Data.Unicode;

/// <summary>The arithmetic of Hangul syllables (The Unicode Standard, section 3.12).</summary>
internal static class Hangul
{
    public const int VowelBase = 0x1161;
    public const int TrailBase = 0x11A7;
    public const int Trails = 28;

    private const int SyllableBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int Leads = 19;
    private const int Vowels = 21;

    public static bool IsSyllable(int code) => (uint)(code - SyllableBase) < Leads * Vowels * Trails;

    public static (int Lead, int Vowel, int Trail) Decompose(int syllable)
    {
        var index = syllable - SyllableBase;
        var trail = index % Trails;
        return (LeadBase + (index / (Vowels * Trails)), VowelBase + (index % (Vowels * Trails) / Trails), trail == 0 ? 0 : TrailBase + trail);
    }

    /// <summary>The syllable of a lead and a vowel, or of a syllable and a trail; -1 for anything else.</summary>
    public static int Compose(int first, int second)
    {
        if ((uint)(first - LeadBase) < Leads && (uint)(second - VowelBase) < Vowels)
        {
            return SyllableBase + ((((first - LeadBase) * Vowels) + second - VowelBase) * Trails);
        }

        return IsSyllable(first) && (first - SyllableBase) % Trails == 0 && second > TrailBase && second < TrailBase + Trails
            ? first + second - TrailBase
            : -1;
    }
}
