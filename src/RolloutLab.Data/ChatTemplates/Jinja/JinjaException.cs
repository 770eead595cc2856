namespace RolloutLab.Data.Jinja;

/// <summary>A template cannot be parsed or rendered; <see cref="ChatTemplate"/> adds the file and shows it as one line.</summary>
/// <param name="message">What is wrong, without file and line.</param>
/// <param name="line">Line of the template, from 1; 0 where the thrower does not know it.</param>
internal sealed class JinjaException(string message, int line = 0) : Exception(message)
{
    public int Line => line;
}
