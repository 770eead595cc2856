using System.Globalization;

namespace RolloutLab.EndToEndTests.Reliability;

/// <summary>A test that sends SIGHUP: skipped under nohup, whose children ignore it, as they should.</summary>
public sealed class HangUpFactAttribute : FactAttribute
{
    public HangUpFactAttribute()
    {
        var ignored = File.ReadLines("/proc/self/status").First(l => l.StartsWith("SigIgn:", StringComparison.Ordinal))["SigIgn:".Length..].Trim();
        if ((ulong.Parse(ignored, NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 1) == 1)
        {
            Skip = "SIGHUP is ignored here, as under nohup";
        }
    }
}
