namespace RolloutLab.Orchestration;

/// <summary>Takes what the loop did: written down, shown, or compared with a log.</summary>
public interface IRunRecorder
{
    /// <summary>Takes a step; an evaluation that followed it belongs to the same row.</summary>
    void StepFinished(StepReport report, EvaluationReport? evaluation);

    /// <summary>Waits until every step so far is on the disk.</summary>
    void Flush();

    /// <summary>Tells that rollouts of the current phase were finished.</summary>
    IProgress<int> Progress(string phase, long total);

    /// <summary>Takes an evaluation; the one before the first step has a row of its own.</summary>
    void EvaluationFinished(EvaluationReport report);
}
