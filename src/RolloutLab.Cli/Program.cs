Console.WriteLine("rolloutlab");
