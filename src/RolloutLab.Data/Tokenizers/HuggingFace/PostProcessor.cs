using RolloutLab.Core;

namespace RolloutLab.Data.HuggingFace;

/// <summary>The ids that go before and after a text: the <c>post_processor</c> section.</summary>
internal sealed class PostProcessor
{
    /// <summary>Reads the section; null adds nothing.</summary>
    /// <exception cref="DataException">A part is damaged or not supported.</exception>
    public PostProcessor(JsonSection? section)
    {
        foreach (var part in section?.Sequence("processors") ?? [])
        {
            switch (part.Text("type"))
            {
                case "ByteLevel":
                    // Only trims offsets, which are not kept here.
                    break;
                case "TemplateProcessing":
                    ReadTemplate(part);
                    break;
                case var type:
                    throw part.Error($"is of type '{BpeVocabulary.Shown(type)}'; supported are ByteLevel, TemplateProcessing and Sequence");
            }
        }
    }

    /// <summary>Ids before the text.</summary>
    public List<int> Before { get; } = [];

    /// <summary>Ids after the text.</summary>
    public List<int> After { get; } = [];

    private void ReadTemplate(JsonSection part)
    {
        var (before, after, seen) = (new List<int>(), new List<int>(), false);
        foreach (var item in part.Required("single").Items())
        {
            if (item.Optional("Sequence") is not null)
            {
                seen = seen ? throw item.Error("has the text twice") : true;
                continue;
            }

            var name = item.Required("SpecialToken").Text("id");
            (seen ? after : before).AddRange(part.Required("special_tokens").Required(name).Required("ids").Items().Select(id => id.Id()));
        }

        if (!seen)
        {
            throw part.Error("has no place for the text in 'single'");
        }

        Before.InsertRange(0, before);
        After.AddRange(after);
    }
}
