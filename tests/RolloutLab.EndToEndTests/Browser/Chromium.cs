using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace RolloutLab.EndToEndTests.Browser;

/// <summary>A headless Chromium with one page, driven by its DevTools protocol. It keeps what the page logs, throws and asks of the network.</summary>
internal sealed class Chromium : IDisposable
{
    private readonly string _profile = Directory.CreateTempSubdirectory("rolloutlab-chromium-").FullName;
    private readonly Process _process;
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromMinutes(2));
    private readonly HashSet<string> _events = [];
    private int _calls;

    private Chromium()
    {
        string[] arguments =
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--disable-dev-shm-usage", "--window-size=1280,900", "--remote-debugging-port=0", $"--user-data-dir={_profile}", "about:blank",
        ];
        _process = Process.Start(new ProcessStartInfo(Program!, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        _process.ErrorDataReceived += (_, _) => { };
        _process.OutputDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    /// <summary>The browser of this machine; null for none.</summary>
    public static string? Program { get; } = new[] { "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists);

    /// <summary>Errors the page threw or logged.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>Addresses the page asked for.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Starts the browser.</summary>
    public static async Task<Chromium> Start()
    {
        var browser = new Chromium();
        try
        {
            await browser.Connect();
            return browser;
        }
        catch
        {
            browser.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file in a light or dark scheme and waits until it is loaded.</summary>
    public async Task Open(string path, string scheme, string fragment = "")
    {
        await Call("Emulation.setEmulatedMedia", new JsonObject { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme }) });

        // Another fragment of the same file alone would not load it anew.
        await Navigate("about:blank");
        await Navigate($"file://{path}{fragment}");
    }

    /// <summary>The value of an expression in the page.</summary>
    public async Task<JsonNode?> Evaluate(string expression)
    {
        var answer = await Call("Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true });
        Assert.True(answer["exceptionDetails"] is null, answer.ToJsonString());
        return answer["result"]!["value"]?.DeepClone();
    }

    /// <summary>Presses a key.</summary>
    public async Task Press(string key, int code, string text = "")
    {
        foreach (var type in (string[])["keyDown", "keyUp"])
        {
            await Call("Input.dispatchKeyEvent", new JsonObject { ["type"] = type, ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = code, ["text"] = type == "keyDown" ? text : "" });
        }
    }

    /// <summary>The page from top to bottom as PNG.</summary>
    public async Task<byte[]> Screenshot()
    {
        var answer = await Call("Page.captureScreenshot", new JsonObject { ["captureBeyondViewport"] = true });
        return Convert.FromBase64String((string)answer["data"]!);
    }

    public void Dispose()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _patience.Dispose();
        Directory.Delete(_profile, recursive: true);
    }

    private async Task Navigate(string address)
    {
        _events.Clear();
        await Call("Page.navigate", new JsonObject { ["url"] = address });
        while (!_events.Contains("Page.loadEventFired"))
        {
            Note(await Receive());
        }
    }

    private async Task Connect()
    {
        var port = Path.Combine(_profile, "DevToolsActivePort");
        while (!File.Exists(port) || File.ReadAllLines(port).Length < 2)
        {
            await Task.Delay(20, _patience.Token);
            Assert.False(_process.HasExited, "Chromium ended at once");
        }

        using var http = new HttpClient();
        var pages = JsonNode.Parse(await http.GetStringAsync(new Uri($"http://127.0.0.1:{File.ReadAllLines(port)[0]}/json/list"), _patience.Token))!.AsArray();
        await _socket.ConnectAsync(new Uri((string)pages.First(p => (string?)p!["type"] == "page")!["webSocketDebuggerUrl"]!), _patience.Token);
        foreach (var domain in (string[])["Page", "Runtime", "Log", "Network"])
        {
            await Call($"{domain}.enable", []);
        }
    }

    private async Task<JsonNode> Call(string method, JsonObject parameters)
    {
        var id = ++_calls;
        var text = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters }.ToJsonString();
        await _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, _patience.Token);
        while (true)
        {
            var message = await Receive();
            if ((int?)message["id"] == id)
            {
                return message["result"] ?? throw new InvalidOperationException(message.ToJsonString());
            }

            Note(message);
        }
    }

    private async Task<JsonNode> Receive()
    {
        var buffer = new byte[1 << 16];
        using var message = new MemoryStream();
        WebSocketReceiveResult part;
        do
        {
            part = await _socket.ReceiveAsync(buffer, _patience.Token);
            message.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);

        return JsonNode.Parse(message.ToArray())!;
    }

    private void Note(JsonNode message)
    {
        var (method, parameters) = ((string?)message["method"] ?? "", message["params"]);
        _events.Add(method);
        switch (method)
        {
            case "Runtime.exceptionThrown":
                Errors.Add(parameters!["exceptionDetails"]!.ToJsonString());
                break;
            case "Log.entryAdded" when (string?)parameters!["entry"]!["level"] == "error":
                Errors.Add((string)parameters["entry"]!["text"]!);
                break;
            case "Runtime.consoleAPICalled" when (string?)parameters!["type"] is "error" or "assert":
                Errors.Add(parameters["args"]!.ToJsonString());
                break;
            case "Network.requestWillBeSent":
                Requests.Add((string)parameters!["request"]!["url"]!);
                break;
        }
    }
}
